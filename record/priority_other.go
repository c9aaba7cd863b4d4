//go:build !linux

package record

// yieldToTraffic does nothing where priorities are not of threads.
func yieldToTraffic() {}
