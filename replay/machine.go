package replay

import (
	"os"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/starling-load/starling/replay/stats"
)

// A machineMeter tells what the replayer itself used since the last reading.
type machineMeter struct {
	at      time.Time
	cpu     time.Duration
	samples []metrics.Sample
	pauses  []uint64 // stop-the-world pauses so far, by bucket
}

func newMachineMeter() *machineMeter {
	m := &machineMeter{samples: []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/sched/pauses/total/gc:seconds"},
	}}
	m.read() // what was used before does not count
	return m
}

func (m *machineMeter) read() stats.Machine {
	now, cpu := time.Now(), cpuTime()
	out := stats.Machine{
		Cores:      runtime.GOMAXPROCS(0),
		Goroutines: runtime.NumGoroutine(),
		OpenFiles:  openFiles(),
	}
	if wall := now.Sub(m.at); wall > 0 {
		out.CPU = float64(cpu-m.cpu) / float64(wall)
	}
	m.at, m.cpu = now, cpu
	metrics.Read(m.samples)
	if m.samples[0].Value.Kind() == metrics.KindUint64 {
		out.HeapBytes = int64(m.samples[0].Value.Uint64())
	}
	if m.samples[1].Value.Kind() == metrics.KindFloat64Histogram {
		out.GCPause = m.paused(m.samples[1].Value.Float64Histogram())
	}
	return out
}

// paused sums the pauses since the last reading, each taken as the middle of
// its bucket.
func (m *machineMeter) paused(h *metrics.Float64Histogram) time.Duration {
	if m.pauses == nil {
		m.pauses = make([]uint64, len(h.Counts))
	}
	sum := 0.0
	for i, n := range h.Counts {
		if fresh := n - m.pauses[i]; fresh > 0 && i+1 < len(h.Buckets) && h.Buckets[i] >= 0 {
			sum += float64(fresh) * (h.Buckets[i] + h.Buckets[i+1]) / 2
		}
		m.pauses[i] = n
	}
	return time.Duration(sum * float64(time.Second))
}

// openFiles counts the descriptors of this process. It returns 0 where it cannot.
func openFiles() int {
	d, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return 0
	}
	return len(names)
}
