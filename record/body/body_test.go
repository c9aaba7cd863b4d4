package body_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/body"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/spool"
)

func TestABodyKeepsItsBeginningWithSizeAndHash(t *testing.T) {
	for _, size := range []int{0, 1, 9, 10, 11, 511, 512, 513, 5000} {
		data := []byte(strings.Repeat("0123456789", size/10+1)[:size])
		for _, limit := range []int64{10, 512, 1 << 20} {
			for _, piece := range []int{1, 7, 10_000} {
				for _, hint := range []int64{-1, 0, int64(size), 3, 1 << 30} {
					budget := body.NewBudget(1 << 20)
					var c body.Collector
					c.Start(budget, limit, hint)
					for rest := data; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
						c.Add(rest[:min(piece, len(rest))])
					}
					b, taken := c.Body()
					want := flow.NewBody(data)
					if !bytes.Equal(b.Data, data[:min(int64(size), limit)]) || b.Size != int64(size) || b.Sum() != want.Sum() {
						t.Fatalf("%d bytes, limit %d, pieces of %d, hint %d: %d bytes kept of %d, sum %x", size, limit, piece, hint, len(b.Data), b.Size, b.Sum())
					}
					if taken != int64(cap(b.Data)) || taken > max(limit, 0) || budget.Free()+taken != 1<<20 {
						t.Fatalf("%d bytes, limit %d, hint %d: %d taken, capacity %d, %d free", size, limit, hint, taken, cap(b.Data), budget.Free())
					}
				}
			}
		}
	}
}

func TestAnExpectedSizeIsNoPromise(t *testing.T) {
	budget := body.NewBudget(1 << 30)
	var c body.Collector
	c.Start(budget, 1<<30, 1<<29)
	c.Add([]byte("a"))
	if taken := 1<<30 - budget.Free(); taken > 512 {
		t.Errorf("one byte of a promised 512 MiB takes %d bytes", taken)
	}
}

func TestWithoutBudgetABodyIsCut(t *testing.T) {
	budget := body.NewBudget(600)
	var c body.Collector
	c.Start(budget, 1<<20, -1)
	data := bytes.Repeat([]byte("x"), 2000)
	c.Add(data[:10])
	c.Add(data[10:])
	b, taken := c.Body()
	if len(b.Data) != 512 || b.Size != 2000 || taken != 512 || b.Sum() != flow.NewBody(data).Sum() {
		t.Errorf("%d bytes kept of %d, %d taken", len(b.Data), b.Size, taken)
	}
}

func TestMissedBytesCountAndEndTheHash(t *testing.T) {
	var c body.Collector
	c.Start(body.NewBudget(1<<20), 1<<20, -1)
	c.Add([]byte("abc"))
	c.Miss(3)
	c.Add([]byte("ghi"))
	c.Miss(-1)
	if b, _ := c.Body(); string(b.Data) != "abc" || b.Size != 9 || b.Hash != 0 || c.Started() {
		t.Errorf("%q of %d bytes, hash %x", b.Data, b.Size, b.Hash)
	}
}

func TestCountingOnlyTakesNothing(t *testing.T) {
	budget := body.NewBudget(100)
	var c body.Collector
	c.Start(budget, 1<<20, 50)
	c.CountOnly()
	c.Add([]byte("abc"))
	if b, taken := c.Body(); len(b.Data) != 0 || b.Size != 3 || b.Hash != 0 || taken != 0 || budget.Free() != 100 {
		t.Errorf("%q of %d bytes, hash %x, %d taken", b.Data, b.Size, b.Hash, taken)
	}
}

func TestTheRestOfABodyIsKeptInASpool(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 500)
	for _, test := range []struct {
		name  string
		room  int64
		most  int64
		spoil func(*body.Collector)
		kept  bool
	}{
		{"whole", 5000, 5000, func(*body.Collector) {}, true},
		{"not where it is longer than wanted", 5000, 4999, func(*body.Collector) {}, false},
		{"not where the disk has no room", 3000, 5000, func(*body.Collector) {}, false},
		{"not where bytes are missing", 5000, 6000, func(c *body.Collector) { c.Miss(1) }, false},
		{"not where nothing is wanted", 5000, 5000, func(c *body.Collector) { c.CountOnly() }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c body.Collector
			c.Start(body.NewBudget(1<<20), 1000, -1)
			c.KeepRest(spool.New(test.room), test.most)
			for rest := data; len(rest) > 0; rest = rest[min(700, len(rest)):] {
				c.Add(rest[:min(700, len(rest))])
			}
			test.spoil(&c)
			b, _ := c.Body()
			if b.Kept() != test.kept || len(b.Data) != 1000 {
				t.Fatalf("%d bytes in memory, kept %v; want 1000, %v", len(b.Data), b.Kept(), test.kept)
			}
			if b.Open == nil {
				return
			}
			content, err := b.Open()
			if err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(content)
			if err := errors.Join(err, content.Close()); err != nil || !bytes.Equal(all, data) {
				t.Errorf("%d bytes came back of %d, %v", len(all), len(data), err)
			}
		})
	}
}
