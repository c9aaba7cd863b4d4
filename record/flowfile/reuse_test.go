package flowfile

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// readBodies reads a file and copies each flow's bodies before the next one.
func readBodies(t *rapid.T, data []byte, o ReaderOptions) (records []flow.Record) {
	r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return records
		}
		if err != nil {
			t.Fatal(err)
		}
		if f, ok := rec.(*flow.Flow); ok {
			for _, b := range bodies(f) {
				b.Data = bytes.Clone(b.Data)
			}
		}
		records = append(records, rec)
	}
}

func TestReusedBodiesAreTheSameUntilTheNextCall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flows := rapid.SliceOfN(flowtest.AnyFlow(), 0, 40).Draw(t, "flows")
		pages := rapid.IntRange(1, 30).Draw(t, "pages")
		var rs []flow.Record
		for i, f := range flows {
			page := bytes.Repeat([]byte{'a' + byte(i%pages)}, 700)
			rs = append(rs, f, flowtest.ShopFlow(i), &flow.Flow{Request: flow.Request{Method: "GET", Body: flow.NewBody(page)}, Response: &flow.Response{Status: 200, Body: flow.NewBody(page[:500])}})
		}
		data := writeAll(t, WriterOptions{BlockSize: 4 << 10}, rs...)
		want := readBodies(t, data, ReaderOptions{})
		got := readBodies(t, data, ReaderOptions{ReuseBodies: true})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("read with ReuseBodies (+) and without (-):\n%s", diff)
		}
	})
}

func TestReusedBodiesEndWhereTheyEnd(t *testing.T) {
	data := blocksOf(t, 20)
	r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{ReuseBodies: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := range 20 {
		rec, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		b := rec.(*flow.Flow).Response.Body
		if want := flowtest.ShopFlow(i).Response.Body; !bytes.Equal(b.Data, want.Data) {
			t.Fatalf("flow %d: body of %d bytes, want %d", i, len(b.Data), len(want.Data))
		}
		if cap(b.Data) != len(b.Data) {
			t.Fatalf("flow %d: what is appended to its body reaches what others read", i)
		}
	}
}
