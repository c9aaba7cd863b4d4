package flowfile

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

func TestFullFilesystemKeepsWhatIsSealed(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("mounting a small tmpfs needs root: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	}()
	path := filepath.Join(dir, "a.flow.zst")
	w, err := Create(path, WriterOptions{BlockSize: 60_000})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	sealed := 0
	for i := 0; ; i++ {
		f := flowtest.ShopFlow(i)
		f.Response.Body = flow.NewBody(noise(random, 1000))
		sealed = int(w.Totals().Flows)
		if err = w.Write(f); err != nil {
			break
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("error %v, want no space", err)
	}
	if err := w.Write(&flow.Loss{Reason: flow.LossDiskFull, Flows: 1}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	totals, err := Verify(path, func(err error) { t.Error(err) })
	if err != nil || int(totals.Flows) != sealed || totals.Flows < 100 || totals.Loss.Flows != 1 {
		t.Errorf("%d flows and %d lost are in the file, %d were sealed; %v", totals.Flows, totals.Loss.Flows, sealed, err)
	}
}
