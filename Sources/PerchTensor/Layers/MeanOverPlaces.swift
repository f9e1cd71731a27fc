import KernelTable

/// Region `spatial` [places][channels] → region `embedding`: the mean over the places.
package enum MeanOverPlaces {
  package static func apply(_ workspace: Workspace, places: Int, channels: Int, kernels: KernelTable) {
    unsafe kernels.meanOverRows(workspace.pointer(.spatial), places, channels, workspace.pointer(.embedding))
  }
}
