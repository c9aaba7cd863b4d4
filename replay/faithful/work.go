package faithful

// A Work counts what sessions did. It is additive: works of replayers, and of parts of
// a run, are summed key by key.
type Work struct {
	// Of sessions that came to their own end: requests that came due, whether or not
	// they could be made, and those that had their recorded outcome.
	Due       uint64 `json:"due"`
	Done      uint64 `json:"done"`
	WritesDue uint64 `json:"writes_due"`
	Writes    uint64 `json:"writes"`

	// Of all sessions: requests sent; for each of them, those of the session that were
	// under way when it was sent, itself included; and those that were under way or
	// waited for their time when it began to wait for its own, itself included. A fast
	// target makes the second smaller, not the third.
	Sent     uint64 `json:"sent"`
	UnderWay uint64 `json:"under_way"`
	Ready    uint64 `json:"ready"`

	// Of all sessions: requests that found no other of their session under way or waiting
	// when they began to wait for their time, as a page does; and, of sessions that came
	// to their own end, the most requests that were so at once.
	Alone uint64 `json:"alone,omitempty"`
	Peaks uint64 `json:"peaks,omitempty"`
}

// Add sums o into w.
func (w *Work) Add(o Work) {
	w.Due += o.Due
	w.Done += o.Done
	w.WritesDue += o.WritesDue
	w.Writes += o.Writes
	w.Sent += o.Sent
	w.UnderWay += o.UnderWay
	w.Ready += o.Ready
	w.Alone += o.Alone
	w.Peaks += o.Peaks
}

// A Replayed is what a run is judged by.
type Replayed struct {
	Started uint64 // sessions
	Ended   uint64 // of these: came to their own end
	Matched uint64 // of these: every act was made and had its recorded outcome
	Cut     uint64 // ended by the run, or without a way on
	Stuck   uint64 // of these: had no way on
	Work
	Endpoints map[string]Asked
}

// An Asked is what became of the requests to an endpoint.
type Asked struct {
	Sent   uint64 // exchanges begun
	Due    uint64 // exchanges that ended by themselves and were not repeated, and requests that could not be made
	Done   uint64 // had their recorded outcome
	Writes uint64 // of these: writes
	Why    string // what most of the others failed by, "" when none did

	// Guessed says that writes carried identifiers of the recording whose origin is not known.
	Guessed bool
}
