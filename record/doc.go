// Package record keeps what a proxy or a capture hears, without ever standing
// in its way.
//
// A [Recorder] is a bounded queue in front of one writer. [Recorder.Conn] and
// [Recorder.Flow] never block and never fail: what does not fit is shed by whole
// sessions, counted, and declared in the recording as a loss record.
//
//	rec, err := record.New(record.Options{Path: "shop.flow.zst"})
//	...
//	go func() { done <- rec.Run(ctx) }()
//	proxy.Serve(..., rec)
//
// # Where further steps belong
//
// Between the queue and the writer, in the writer's goroutine (Recorder.write),
// stand the steps that change or choose flows: redaction changes a flow there,
// before it can reach the disk and outside the path of the traffic. Sampling by
// session is a decision of admission and stands in front of the queue, next to
// shedding (Recorder.Flow), so that what is not wanted costs nothing. Rotation
// into parts replaces the writer at a sealed block.
//
// The package knows no network. The flow file is described in record/flow.
package record
