package capture_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/starling-load/starling/record/capture"
	"github.com/starling-load/starling/record/flow"
)

// printer is a sink that prints flows.
type printer struct{}

func (printer) Conn(*flow.Conn)   {}
func (printer) Flow(f *flow.Flow) { fmt.Println(f.Request.Method, f.URL(), f.Response.Status) }
func (printer) Loss(l *flow.Loss) { fmt.Println("missing:", l.Reason) }

func ExampleCapture_Read() {
	c := capture.New(capture.Options{Sink: printer{}})
	if err := c.Read(context.Background(), bytes.NewReader(nil)); err != nil {
		fmt.Println(err)
	}
	// Output: read capture file: it is empty
}
