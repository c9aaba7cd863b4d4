package ui

import (
	"time"

	"github.com/starling-load/starling/replay/stats"
)

// A Live is a run that goes on now. Its methods are called from many goroutines at once
// and must return without waiting for the network or the target. A command that makes
// several runs in turn shows the newest. The Start of their Manifest tells runs apart.
type Live interface {
	// Snapshot returns the run as it is known now. The caller only reads it.
	Snapshot() Snapshot

	// Changed returns a channel that is closed when the run has changed after
	// the call. Once a second is a good pace.
	Changed() <-chan struct{}

	// Stop asks the run to end soon: sessions under way finish or are aborted,
	// results are kept. It may be called again.
	Stop()
}

// A Snapshot is a run at one moment.
type Snapshot struct {
	State     State
	Manifest  stats.Manifest // Duration is the planned one, 0: until the work is done
	Users     int            // virtual users now
	Elapsed   time.Duration  // since the start of the run; stands still when it is done
	Points    []stats.Point  // in order of time; without the last second while it can still grow
	Summary   *stats.Summary // so far; nil: nothing yet
	Replayers []Replayer
}

// A State is where a run is in its life.
type State string

// The states of a run, in their order.
const (
	Waiting  State = "waiting" // for replayers, or for the agreed start
	Running  State = "running"
	Stopping State = "stopping" // sends nothing new
	Done     State = "done"     // nothing of this run changes any more
)

// A Replayer is one process that sends load, as its coordinator knows it.
type Replayer struct {
	Name     string
	State    ReplayerState
	Users    int
	Rate     float64       // requests per second in the newest interval
	CPU      float64       // as a share of one core, 0 to Cores
	Cores    int           // 0: not measured
	Lateness time.Duration // p99 in the newest interval
	Note     string        // for people, such as "silent for 8 s"
}

// A ReplayerState is where a replayer is in its life.
type ReplayerState string

// The states of a replayer.
const (
	ReplayerJoining ReplayerState = "joining"
	ReplayerReady   ReplayerState = "ready"
	ReplayerRunning ReplayerState = "running"
	ReplayerDone    ReplayerState = "done"
	ReplayerLost    ReplayerState = "lost" // fell silent before its end
)
