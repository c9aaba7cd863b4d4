package flow

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
	w, err := Create(path, WriterOptions{BlockSize: 20_000})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		f := shopFlow(i)
		f.Response.Headers = append(f.Response.Headers, Header{"X-Long", strings.Repeat(strconv.Itoa(i), 50)})
		if err := w.Write(f); err != nil {
			return err
		}
		if w.Totals().Flows > 0 && i%10 == 0 {
			fmt.Println(w.Totals().Flows)
		}
	}
}

func TestKilledWriterLosesAtMostTheUnsealedBlock(t *testing.T) {
	for round := range 20 {
		path := filepath.Join(t.TempDir(), "a.flow.zst")
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), killedWriter+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		sealed := 0
		for n := 0; n <= round*7 && lines.Scan(); n++ {
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
			t.Fatalf("round %d: the writer ended with %v, %d flows sealed", round, err, sealed)
		}
		checkKilled(t, path, sealed)
	}
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
		f, ok := rec.(*Flow)
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
