package flowfile

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// An encrypted block stands in a skippable frame of its own, so that the file
// remains a zstd stream.
const (
	flagEncrypted = 1 // of a block head
	sigSealed     = "fenc"
	sealedExtra   = 64 << 10 // what encryption may add to a block, beside one part in 64
)

// storedMax is the greatest length of a block on disk that decompresses to raw
// bytes.
func storedMax(raw int64, encrypted bool) int64 {
	n := raw + raw>>7 + 1024
	if encrypted {
		n += n>>6 + sealedExtra
	}
	return n
}

// A keyError says that a block with a sound checksum could not be decrypted.
type keyError struct{ err error }

func (e keyError) Error() string { return e.err.Error() }
func (e keyError) Unwrap() error { return e.err }

// seal encrypts the compressed block in w.data.
func (w *Writer) seal(raw int) error {
	sealed, err := w.o.Encrypt(w.data)
	if err != nil {
		return err
	}
	if most := storedMax(int64(raw), true) - frameExtra; int64(len(sealed)) > most {
		return fmt.Errorf("encryption made %d bytes of a block of %d; at most %d are possible", len(sealed), len(w.data), most)
	}
	w.data = openFrame(w.data[:0], sigSealed)
	w.data = append(w.data, sealed...)
	w.data = closeFrame(w.data, 0)
	return nil
}

// measureSeal finds out how many bytes encryption adds to a block. Without them
// the file could exceed WriterOptions.MaxBytes.
func (w *Writer) measureSeal() error {
	if w.o.Encrypt == nil {
		return nil
	}
	const probe = 64 << 10
	for _, n := range [...]int{0, probe} {
		sealed, err := w.o.Encrypt(make([]byte, n))
		if err != nil {
			return err
		}
		// bound allows for one part in 64 of the length besides.
		w.sealCost = max(w.sealCost, int64(len(sealed)-n-n>>6+frameExtra+64))
	}
	return nil
}

// unseal decrypts a block as it stands in the file.
func (r *Reader) unseal(stored []byte) ([]byte, error) {
	if r.o.Decrypt == nil {
		return nil, keyError{ErrEncrypted}
	}
	if len(stored) < frameExtra || string(stored[frameHead:frameHead+4]) != sigSealed {
		return nil, errFrame
	}
	if n := uint64(binary.LittleEndian.Uint32(stored[4:])) + frameHead; n != uint64(len(stored)) {
		return nil, errFrame
	}
	// The hash of the frame is not looked at: that of the block head covers it.
	plain, err := r.o.Decrypt(stored[frameHead+4 : len(stored)-8])
	if err != nil {
		return nil, keyError{err}
	}
	r.unsealed = true
	return plain, nil
}

// locked reports whether the error of a block means that the key is missing or the
// wrong one. That is so if no block of the file could be decrypted so far.
func (r *Reader) locked(err error) bool {
	var key keyError
	return errors.As(err, &key) && (!r.unsealed || errors.Is(err, ErrEncrypted))
}
