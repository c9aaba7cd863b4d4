package replay

import (
	"runtime"
	"testing"
	"time"
)

func TestPausesBeforeTheRunAreNotTheRuns(t *testing.T) {
	for range 50 {
		runtime.GC()
	}
	before := new(machineMeter)
	before.samples = newMachineMeter().samples
	all := before.read().GCPause
	if own := newMachineMeter().read().GCPause; all == 0 || own > all/2 {
		t.Errorf("a new meter reads pauses of %s; the process had %s before", own, all)
	}
}

func TestAMeterMeasuresThisProcess(t *testing.T) {
	m := newMachineMeter()
	end := time.Now().Add(20 * time.Millisecond)
	for time.Now().Before(end) {
	}
	if got := m.read(); got.CPU <= 0 || got.Cores < 1 || got.HeapBytes <= 0 || got.Goroutines < 1 {
		t.Errorf("got %+v", got)
	}
}
