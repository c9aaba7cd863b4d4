//go:build unix

package cmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow/flowtest"
	"github.com/starling-load/starling/record/flowfile"
)

// interrupted runs a command line whose context ends after a while, and returns its exit code.
func interrupted(t *testing.T, after time.Duration, args ...string) (code int, stderr string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if after == 0 {
		cancel()
	} else {
		time.AfterFunc(after, cancel)
	}
	var said bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, args, environment{
			stdin: strings.NewReader(""), stdout: new(bytes.Buffer), stderr: &said, getenv: func(string) string { return "" }, environ: func() []string { return nil },
		})
	}()
	select {
	case code := <-ended:
		return code, said.String()
	case <-time.After(patience):
		t.Fatalf("%v goes on after its interrupt", args)
		return 0, ""
	}
}

// What only reads is left where it stands, whatever it waits for or computes. Here it waits
// for a pipe that nobody writes to.
func TestWhatReadsEndsAtOnce(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.flow.zst")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	model := filepath.Join(dir, "pipe.model")
	t.Cleanup(func() { // lets those go on that still wait
		if f, err := os.OpenFile(pipe, os.O_RDWR, 0); err == nil {
			time.Sleep(10 * time.Millisecond)
			f.Close()
		}
	})
	for _, args := range [][]string{
		{"flow", "stat", pipe}, {"flow", "stat", "--users", pipe}, {"flow", "cat", pipe}, {"flow", "verify", pipe}, {"flow", "verify", "--secrets", pipe},
		{"model", "learn", pipe, "-o", model}, {"report", pipe}, {"compare", pipe, pipe},
	} {
		t.Run(strings.Join(args[:2], " "), func(t *testing.T) {
			if code, said := interrupted(t, 20*time.Millisecond, args...); code != exitInterrupted || said != "starling: interrupted\n" {
				t.Errorf("exit code %d, %q", code, said)
			}
		})
	}
	if _, err := os.Lstat(model); err == nil {
		t.Error("a model was written")
	}
}

// What writes ends between two records, and leaves no file that is not complete.
func TestWhatWritesLeavesNothingHalfWritten(t *testing.T) {
	dir := t.TempDir()
	recording, text := filepath.Join(dir, "shop.flow.zst"), filepath.Join(dir, "shop.txt")
	w, err := flowfile.Create(recording, flowfile.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range flowtest.Shop(500) {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	runStarling(t, "flow", "export", "--to", "curl", recording, "-o", text)
	model := filepath.Join(dir, "shop.model")
	runStarling(t, "model", "learn", recording, "-o", model)
	before := names(t, dir)
	out := filepath.Join(dir, "out")
	const nobody = "http://127.0.0.1:9"
	for _, args := range [][]string{
		{"flow", "merge", recording, "-o", out}, {"flow", "filter", "status > 0", recording, "-o", out}, {"flow", "redact", recording, "-o", out},
		{"flow", "repair", recording, "-o", out}, {"flow", "export", "--to", "har", recording, "-o", out}, {"flow", "import", "--from", "curl", text, "-o", out},
		{"model", "learn", recording, "-o", out}, {"model", "check", "--target", nobody, model, "-o", out},
		{"model", "fidelity", "--recording", recording, "--html", out, model}, {"replay", "--target", nobody, recording, "-o", out},
		{"replay", "--target", nobody, "--verbatim", recording, "-o", out}, {"replay", "--target", nobody, "--users", "1", "--duration", "1m", model, "-o", out},
		{"compare", "--baseline", nobody, "--candidate", nobody, model},
	} {
		t.Run(strings.Join(args[:2], " "), func(t *testing.T) {
			if code, said := interrupted(t, 0, args...); code != exitInterrupted {
				t.Errorf("exit code %d, %q", code, said)
			}
			if now := names(t, dir); !slices.Equal(now, before) {
				t.Errorf("left behind: %v; there were %v", now, before)
			}
		})
	}
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		list = append(list, f.Name())
	}
	return list
}
