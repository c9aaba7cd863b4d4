//go:build !linux

package record

import "time"

// yieldToTraffic does nothing: on these systems a thread has no priority of its own.
func yieldToTraffic() {}

// threadTime is not known on these systems.
func threadTime() time.Duration { return 0 }
