package flowfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// killedWriter is the environment variable that turns the test binary into a
// writer that goes on until it is killed.
const killedWriter = "STARLING_TEST_KILLED_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(killedWriter); path != "" {
		fmt.Fprintln(os.Stderr, writeForEver(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForEver prints the number of flows that are in sealed blocks.
func writeForEver(path string) error {
	w, err := Create(path, WriterOptions{BlockSize: 4000})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		f := flowtest.ShopFlow(i)
		f.Response.Headers = append(f.Response.Headers, flow.Header{Name: "X-Long", Value: strings.Repeat(strconv.Itoa(i), 50)})
		if err := w.Write(f); err != nil {
			return err
		}
		if w.Totals().Flows > 0 && i%2 == 0 {
			fmt.Println(w.Totals().Flows)
		}
	}
}

func TestKilledWriterLosesAtMostTheUnsealedBlock(t *testing.T) {
	const rounds, together = 200, 4
	for lane := range together {
		t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for round := lane; round < rounds; round += together {
				path := filepath.Join(dir, fmt.Sprint(round, ".flow.zst"))
				checkKilled(t, path, killWriter(t, path, round))
			}
		})
	}
}

// killWriter kills a writer after it has told so many times how many flows are
// sealed, and returns the last number.
func killWriter(t *testing.T, path string, told int) (sealed int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killedWriter+"="+path, "GORACE=atexit_sleep_ms=0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; n <= told && lines.Scan(); n++ {
		sealed, _ = strconv.Atoi(lines.Text())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // what it had printed before the signal reached it
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			sealed = max(sealed, n)
		}
	}
	if err := cmd.Wait(); err == nil || sealed == 0 {
		t.Fatalf("the writer, told to stop after %d lines, ended with %v, %d flows sealed", told, err, sealed)
	}
	return sealed
}

func checkKilled(t *testing.T, path string, sealed int) {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	flows, truncated := 0, 0
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if errors.Is(err, ErrTruncated) {
			truncated++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		f, ok := rec.(*flow.Flow)
		if !ok || f.Number != uint64(flows) || f.Response.Body.Truncated() {
			t.Fatalf("record %d is %+v", flows, rec)
		}
		flows++
	}
	if flows < sealed || truncated != 1 {
		t.Errorf("%d flows read, %d were sealed; truncation reported %d times", flows, sealed, truncated)
	}
	totals, err := Stat(path)
	if !errors.Is(err, ErrTruncated) || int(totals.Flows) != flows {
		t.Errorf("Stat: %d flows of %d, %v", totals.Flows, flows, err)
	}
	w, err := Create(path, WriterOptions{})
	if err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("the lock of a killed writer remains, or its file is overwritten: %v, %v", w, err)
	}
}
