package replay

import (
	"syscall"
	"time"
)

// cpuTime is the user and kernel time of this process.
func cpuTime() time.Duration {
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0
	}
	var created, exited, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(self, &created, &exited, &kernel, &user); err != nil {
		return 0
	}
	return spent(kernel) + spent(user)
}

// spent is a length of time in units of 100 ns. Filetime.Nanoseconds is not
// used: it counts from 1970.
func spent(f syscall.Filetime) time.Duration {
	return time.Duration(int64(f.HighDateTime)<<32|int64(f.LowDateTime)) * 100
}
