package flowfile

import (
	"encoding/binary"
	"os"
)

// wordsMax is how many numbers a list of words keeps in memory.
const wordsMax = 64 << 10

// words is a list of numbers. A long one stands in a file without a name, but for
// its end.
type words struct {
	file   *os.File // nil: none yet
	stored uint64   // numbers in the file
	end    []uint64 // the numbers behind them
	buf    []byte   // reused
}

func (w *words) len() uint64 { return w.stored + uint64(len(w.end)) }

func (w *words) add(n uint64) error {
	if w.end = append(w.end, n); len(w.end) < wordsMax {
		return nil
	}
	if w.file == nil {
		file, err := os.CreateTemp("", "starling-*.sessions")
		if err != nil {
			return err
		}
		w.file = file
		if err := os.Remove(file.Name()); err != nil {
			return err
		}
	}
	w.buf = w.buf[:0]
	for _, n := range w.end {
		w.buf = binary.LittleEndian.AppendUint64(w.buf, n)
	}
	if _, err := w.file.WriteAt(w.buf, int64(8*w.stored)); err != nil {
		return err
	}
	w.stored += uint64(len(w.end))
	w.end = w.end[:0]
	return nil
}

func (w *words) get(i uint64) (uint64, error) {
	if i >= w.stored {
		return w.end[i-w.stored], nil
	}
	var b [8]byte
	if _, err := w.file.ReadAt(b[:], int64(8*i)); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

func (w *words) close() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}
