package likeness_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/starling-load/starling/model/fidelity"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/likeness"
)

func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "shop.flow.zst")
	if err := record(path); err != nil {
		fmt.Println(err)
		return
	}
	read := func(conns *session.Conns, paths ...string) iter.Seq2[*flow.Flow, error] {
		return flowfile.ReaderOptions{Conn: func(c *flow.Conn) { conns.Add(c) }}.Flows(paths[0])
	}
	ctx, conns := context.Background(), &session.Conns{}
	sessions, err := session.Split(read(conns, path), session.Options{Every: true, Conns: conns})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, _, err := learn.Learn(sessions, learn.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := likeness.Read(ctx, m, []string{path}, likeness.Options{Flows: read})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	played, _, err := r.Play(ctx, replay.RecordedPaths, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := fidelity.Compare(r.Traffic(), played, fidelity.Options{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Traffic().Sessions(), "sessions, fidelity", report.Fidelity)
	// Output:
	// 12 sessions, fidelity 100
}

// record writes a recording of visitors of a shop.
func record(path string) error {
	w, err := flowfile.Create(path, flowfile.WriterOptions{})
	if err != nil {
		return err
	}
	start := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	for i := range 12 {
		at := start.Add(time.Duration(i) * time.Minute)
		for _, target := range []string{"/", "/cart", "/pay"}[:1+i%3] {
			err := w.Write(&flow.Flow{
				Scheme: "http", Protocol: "HTTP/1.1", Start: at, FirstByte: time.Millisecond, Done: 2 * time.Millisecond,
				Request: flow.Request{Method: "GET", Target: target, Authority: "shop.test",
					Headers: flow.Headers{{Name: "Cookie", Value: fmt.Sprintf("sid=7d1f0c2e9b8a%04d", i)}}},
				Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/plain"}}, Body: flow.NewBody([]byte(target))},
			})
			if err != nil {
				return err
			}
			at = at.Add(3 * time.Second)
		}
	}
	return w.Close()
}
