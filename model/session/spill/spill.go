package spill

import (
	"bufio"
	"bytes"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sort"
)

// inMemory is how much of a Sorter is in memory, in bytes.
const inMemory = 4 << 20

// A Sorter sorts records of equal length by their bytes. It holds few of them in memory
// at a time. The others are in a file without a name, as sorted runs. One goroutine uses
// it.
type Sorter struct {
	width int // of a record, in bytes
	buf   []byte
	file  *os.File // nil before the first run
	runs  []int64  // offsets behind each run
}

// New returns a Sorter of no record. width is their length in bytes, 1 or more.
func New(width int) *Sorter { return &Sorter{width: width} }

// Add copies a record.
func (s *Sorter) Add(record []byte) error {
	if s.buf = append(s.buf, record...); len(s.buf)+s.width <= inMemory {
		return nil
	}
	return s.flush()
}

// flush writes what is in memory as a run.
func (s *Sorter) flush() error {
	sort.Sort((*kept)(s))
	var at int64
	if s.file == nil {
		file, err := os.CreateTemp("", "starling-*.sort")
		if err != nil {
			return fmt.Errorf("sort flows: %w", err)
		}
		s.file = file
		if err := os.Remove(file.Name()); err != nil {
			return fmt.Errorf("sort flows: %w", err)
		}
	} else {
		at = s.runs[len(s.runs)-1]
	}
	if _, err := s.file.WriteAt(s.buf, at); err != nil {
		return fmt.Errorf("sort flows: %w", err)
	}
	s.runs = append(s.runs, at+int64(len(s.buf)))
	s.buf = s.buf[:0]
	return nil
}

// kept is the records of a Sorter that are in memory.
type kept Sorter

func (s *kept) Len() int           { return len(s.buf) / s.width }
func (s *kept) at(i int) []byte    { return s.buf[i*s.width : (i+1)*s.width] }
func (s *kept) Less(i, j int) bool { return bytes.Compare(s.at(i), s.at(j)) < 0 }
func (s *kept) Swap(i, j int) {
	a, b := s.at(i), s.at(j)
	for k := range a {
		a[k], b[k] = b[k], a[k]
	}
}

// Sorted yields the records in order. It can be called several times. Each record is
// valid until the next one. No record may be added after the first call.
func (s *Sorter) Sorted() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		sort.Sort((*kept)(s))
		m := runs{{r: bufio.NewReaderSize(bytes.NewReader(s.buf), s.width), head: make([]byte, s.width)}}
		from := int64(0)
		for _, to := range s.runs {
			r := io.NewSectionReader(s.file, from, to-from)
			m = append(m, &run{r: bufio.NewReaderSize(r, 64<<10), head: make([]byte, s.width)})
			from = to
		}
		if err := m.merge(yield); err != nil {
			yield(nil, fmt.Errorf("sort flows: %w", err))
		}
	}
}

// Close releases the file.
func (s *Sorter) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// A run is a sorted part of the records, with the first record that is not yet yielded.
type run struct {
	r    *bufio.Reader
	head []byte
}

// runs is a heap: the run whose first record is the least comes first.
type runs []*run

// merge yields the records of all runs in order, until the runs are empty.
func (m runs) merge(yield func([]byte, error) bool) error {
	var open runs
	for _, r := range m {
		if err := r.next(); err == nil {
			open = append(open, r)
		} else if err != io.EOF {
			return err
		}
	}
	heap.Init(&open)
	for len(open) > 0 {
		if !yield(open[0].head, nil) {
			return nil
		}
		switch err := open[0].next(); {
		case err == nil:
			heap.Fix(&open, 0)
		case errors.Is(err, io.EOF):
			heap.Pop(&open)
		default:
			return err
		}
	}
	return nil
}

func (r *run) next() error {
	_, err := io.ReadFull(r.r, r.head)
	return err
}

func (m runs) Len() int           { return len(m) }
func (m runs) Less(i, j int) bool { return bytes.Compare(m[i].head, m[j].head) < 0 }
func (m runs) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }

// Push and Pop implement heap.Interface.
func (m *runs) Push(x any) { *m = append(*m, x.(*run)) }
func (m *runs) Pop() any {
	last := len(*m) - 1
	r := (*m)[last]
	*m = (*m)[:last]
	return r
}
