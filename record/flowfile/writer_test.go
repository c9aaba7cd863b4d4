package flowfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

func TestCreateRefusesWhatExists(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.flow.zst")
	w, err := Create(path, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, WriterOptions{}); !errors.Is(err, ErrLocked) || !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second writer: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, WriterOptions{}); errors.Is(err, ErrLocked) || !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a finished file: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the finished file has changed; %v", err)
	}
	if _, err := Create(filepath.Join(path, "b"), WriterOptions{}); err == nil {
		t.Error("a file below a file was created")
	}
	if err := w.Write(flowtest.ShopFlow(0)); !errors.Is(err, errClosed) {
		t.Errorf("write after close: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

func TestOptionsOutOfRangeAreAllNamed(t *testing.T) {
	_, err := Create(filepath.Join(t.TempDir(), "a"), WriterOptions{MaxBody: -1, MaxBytes: 1, BlockSize: 1 << 30})
	for _, name := range []string{"MaxBody", "MaxBytes", "BlockSize"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: does not name %s", err, name)
		}
	}
}

func TestWriteErrorKeepsWhatIsSealed(t *testing.T) {
	input := flowtest.Shop(60)
	sound := len(writeAll(t, WriterOptions{BlockSize: 2000}, input...))
	for space := fileHeadSize; space < sound; space += 37 {
		m := &memory{space: space, fails: fmt.Errorf("write: %w", syscall.ENOSPC)}
		w, err := newWriter("mem", m, fixed(WriterOptions{BlockSize: 2000}))
		if err != nil {
			t.Fatal(err)
		}
		var lost uint64
		var failed *WriteError
		for _, r := range input {
			if err = w.Write(r); errors.As(err, &failed) {
				lost = failed.Flows
				break
			}
		}
		sealed := m.Len()
		// The device has room again: what follows is written as if nothing was.
		m.space = -1
		late := flowtest.ShopFlow(1)
		if err := errors.Join(w.Write(late), w.Close()); err != nil {
			t.Fatalf("space %d: going on: %v", space, err)
		}
		records, errs := readAll(t, m.Bytes())
		if len(errs) > 0 {
			t.Fatalf("space %d: %v", space, errs)
		}
		if failed != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("space %d: error %v", space, err)
		}
		flows := 0
		for _, r := range records {
			if f, ok := r.(*flow.Flow); ok {
				flows++
				if f.Response.Body.Truncated() {
					t.Fatalf("space %d: flow %d lost its body with the lost block", space, f.Number)
				}
			}
		}
		if failed != nil && (int(lost)+flows-1 != int(late.Number) || sealed > space) {
			t.Fatalf("space %d: %d flows read, %d reported lost, the late one is number %d; %d bytes in the file",
				space, flows, lost, late.Number, sealed)
		}
	}
}

func TestFullDeviceIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no /dev/full: %v", err)
	}
	defer full.Close()
	if _, err := newWriter("/dev/full", full, fixed(WriterOptions{})); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("header on a full device: %v", err)
	}
}

func noise(random *rand.Rand, n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, random.Uint64())
	}
	return b[:n]
}

func TestFileNeverExceedsItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(leastMaxBytes, 300_000).Draw(t, "limit")
		m := &memory{space: -1}
		w, err := newWriter("mem", m, fixed(WriterOptions{MaxBytes: limit, BlockSize: rapid.SampledFrom([]int{1, 5000, 1 << 20}).Draw(t, "block")}))
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		size := rapid.IntRange(0, 20_000).Draw(t, "body")
		for i := 0; ; i++ {
			f := flowtest.ShopFlow(i)
			f.Response.Status = random.IntN(1000)
			f.Response.Body = flow.NewBody(noise(random, random.IntN(size+1)))
			f.Request.Target = fmt.Sprintf("/%x", noise(random, 20))
			if err := w.Write(f); errors.Is(err, ErrFull) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := errors.Join(w.Write(&flow.Loss{Reason: flow.LossDiskLimit, Flows: math.MaxUint64}), w.Flush()); err != nil {
				t.Fatalf("no room for a loss record: %v", err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if int64(m.Len()) > limit || int64(m.Len()) < limit/3 {
			t.Fatalf("the file has %d bytes, the limit is %d", m.Len(), limit)
		}
	})
}
