package record

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestWriterStandsBackBehindTheTraffic(t *testing.T) {
	got := make(chan int)
	go func() {
		yieldToTraffic()
		raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0) // of this thread: 20 - niceness
		if err != nil {
			t.Error(err)
		}
		got <- 20 - raw
	}()
	if n := <-got; n < niceness {
		t.Errorf("the writer's thread has niceness %d, want %d or more", n, niceness)
	}
}
