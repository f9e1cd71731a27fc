/// Version of this program, as `perch-runner version` prints it and every output records it.
package let programVersion = "0.1.0"
