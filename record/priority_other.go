//go:build !linux

package record

// yieldToTraffic does nothing: on these systems a thread has no priority of its own.
func yieldToTraffic() {}
