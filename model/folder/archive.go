package folder

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/problem"
)

// Archive writes m, which must be valid, to w as one stream: a tar of its folder
// form. The same model gives the same bytes.
func Archive(w io.Writer, m *model.Model) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("archive the model: %w", err)
	}
	if err := archive(w, m); err != nil {
		return fmt.Errorf("archive the model: %w", err)
	}
	return nil
}

func archive(w io.Writer, m *model.Model) error {
	t := tar.NewWriter(w)
	for _, f := range filesOf(m) {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Size: int64(len(f.data)), Mode: 0o600, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(f.data); err != nil {
			return err
		}
	}
	return t.Close()
}

// Hash returns the name of the content of m: the SHA-256 of its archive in
// hexadecimal digits. Models with equal files have equal hashes.
func Hash(m *model.Model) string {
	h := sha256.New()
	if err := archive(h, m); err != nil { // writing to a hash never fails; a name may be too long
		fmt.Fprintf(h, "%v", err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ReadArchive reads what [Archive] wrote. The archive may come from
// anybody: its size is bounded, and nothing is written to disk.
func ReadArchive(r io.Reader) (*model.Model, error) {
	b := bundle{}
	if err := b.fill(r); err != nil {
		return nil, fmt.Errorf("read model archive: %w", err)
	}
	m, err := decode(b)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read model archive: it has no %s, so it is not a model: %w", yamlFile, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("read model archive: %w", err)
	}
	return m, nil
}

// A bundle gives files held in memory, by name.
type bundle map[string][]byte

func newBundle(files []file) bundle {
	b := bundle{}
	for _, f := range files {
		b[f.name] = f.data
	}
	return b
}

func (b bundle) fill(r io.Reader) error {
	total := int64(0)
	limited := &io.LimitedReader{R: r, N: maxTotal + maxFiles*1024}
	t := tar.NewReader(limited)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		_, had := b[h.Name]
		switch {
		case h.Typeflag != tar.TypeReg:
			return fmt.Errorf("%s is not a regular file", problem.Quote(h.Name))
		case !fs.ValidPath(h.Name):
			return fmt.Errorf("%s leads out of the model", problem.Quote(h.Name))
		case had:
			return fmt.Errorf("%s is there twice", problem.Quote(h.Name))
		case len(b) >= maxFiles:
			return fmt.Errorf("it has more than %d files", maxFiles)
		case h.Size > maxFile:
			return fmt.Errorf("%s is larger than %d MB", problem.Quote(h.Name), maxFile>>20)
		}
		if total += h.Size; total > maxTotal {
			return fmt.Errorf("it is larger than %d MB", maxTotal>>20)
		}
		// ReadAll takes memory for what really comes, whatever size the header claims.
		data, err := io.ReadAll(t)
		if err != nil {
			return fmt.Errorf("%s: %w", problem.Quote(h.Name), err)
		}
		b[h.Name] = data
	}
}

func (b bundle) read(name string, limit int64) ([]byte, error) {
	data, ok := b[name]
	switch {
	case !ok:
		return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("%s is larger than %d MB", name, limit>>20)
	}
	return data, nil
}
