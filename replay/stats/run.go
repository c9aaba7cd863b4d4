package stats

// A Run is a run file read back. Intervals, Spans and Points are merged over
// all replayers and ordered by time; their Replayer is empty. They cover the
// window of the run: what ended after it is in the Summary.
type Run struct {
	Manifest Manifest

	// Intervals hold the totals of each second without endpoints. In runs beyond
	// two hours they are wider.
	Intervals []*Interval

	// Spans hold endpoints and errors of five seconds each, or more in long runs.
	Spans []*Interval

	// Points are the Intervals as a chart draws them.
	Points []Point

	// Summary is the one written at the end of the run. When the file has none,
	// because the run was cut short, it is computed from the intervals and
	// Recovered is set.
	Summary   *Summary
	Recovered bool

	// Damage is nil when the whole file could be read. Otherwise it says what could
	// not be read; the Run holds everything else.
	Damage error
}
