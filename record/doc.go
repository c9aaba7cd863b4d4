// Package record keeps the flows that a proxy or a capture sees, and never delays the
// traffic.
//
// A [Recorder] is a bounded queue in front of one writer. [Recorder.Conn] and
// [Recorder.Flow] never block and never fail. What does not fit is shed by whole
// sessions, counted, and declared in the recording as a loss record.
//
//	rec, err := record.New(record.Options{Path: path})
//	ctx, stop := context.WithCancel(context.Background())
//	go func() { done <- rec.Run(ctx) }()
//	rec.Flow(f) // what a proxy or a capture does
//
// A flow goes through these steps, from the goroutine of the traffic to that of
// [Recorder.Run]:
//
//	Flow --> paused? --> Filter --> Sample --> queue | --> Redact --> part --> disk
//	            |           |          |         |               (flowfile.Writer)
//	            +-----------+----------+---------+--> counted, declared as loss records
//
// Sampling takes users as a whole, by a hash of what identifies them. A recording is
// one file, or several parts; each part can be read alone. Nothing that Redact removes
// reaches the disk.
//
// The package knows no network. Package flowfile describes the flow file.
package record
