package record

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// niceness of the writer's thread, on a scale from -20 to 19. With 10 it gets a
// tenth of a core that threads with 0 want too, and the whole of an idle core.
const niceness = 10

// yieldToTraffic keeps the calling goroutine on a thread of its own. That thread
// gives way to those of the traffic, as far as the system allows it, and ends with
// the goroutine.
func yieldToTraffic() {
	runtime.LockOSThread()
	// A refusal of the system is no error: the writer then takes its turn like
	// everybody else.
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), niceness)
}

// threadTime is the time that the calling goroutine's thread has had on a core. The
// goroutine must be locked to it.
func threadTime() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
