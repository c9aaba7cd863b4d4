package capture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/starling-load/starling/record/capture"
	"github.com/starling-load/starling/record/flow"
)

// printer is a sink that prints flows.
type printer struct{}

func (printer) Conn(*flow.Conn)   {}
func (printer) Flow(f *flow.Flow) { fmt.Println(f.Request.Method, f.URL(), f.Response.Status) }
func (printer) Loss(l *flow.Loss) { fmt.Println("missing:", l.Reason) }

// The file has the four segments of one exchange.
func ExampleCapture_Read() {
	const syn, ack, synAck = 0x02, 0x10, 0x12
	file := new(bytes.Buffer)
	file.WriteString("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x65\x00\x00\x00") // pcap, raw IP
	addSegment(file, 40007, 80, 99, 0, syn, "")
	addSegment(file, 80, 40007, 499, 100, synAck, "")
	addSegment(file, 40007, 80, 100, 500, ack, "GET /a HTTP/1.1\r\nHost: shop.test\r\n\r\n")
	addSegment(file, 80, 40007, 500, 136, ack, "HTTP/1.1 204 No Content\r\n\r\n")

	c := capture.New(capture.Options{Sink: printer{}})
	err := c.Read(context.Background(), file)
	fmt.Println(c.Counts().Flows, err)
	// Output:
	// GET http://shop.test/a 204
	// 1 <nil>
}

// addSegment adds a packet between two ports of one machine to a pcap file.
func addSegment(file *bytes.Buffer, from, to uint16, seq, ack uint32, flags byte, payload string) {
	length := uint32(40 + len(payload))
	record := binary.LittleEndian.AppendUint32(make([]byte, 8), length)
	record = binary.LittleEndian.AppendUint32(record, length)
	file.Write(record)
	ip := binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(length))
	ip = append(ip, 0, 0, 0x40, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1)
	tcp := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(ip, from), to)
	tcp = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(tcp, seq), ack)
	file.Write(append(tcp, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0))
	file.WriteString(payload)
}
