import Foundation
import TestSupport
import Testing

@testable import PerchExport

@Suite struct PlaceholderTests {}
