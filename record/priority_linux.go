package record

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// niceness of the writer, from -20 to 19; a thread of 10 gets a tenth of a core
// that threads of 0 contend for, and all of one that nobody wants.
const niceness = 10

// yieldToTraffic keeps the calling goroutine on a thread of its own that stands
// back behind those of the traffic, as far as the system lets it. The thread ends
// with the goroutine.
func yieldToTraffic() {
	runtime.LockOSThread()
	// What the system refuses is not worth an error: the writer then takes its
	// turn like everybody else.
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), niceness)
}
