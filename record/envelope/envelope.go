package envelope

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
)

// A Cipher turns one block into another. It may be called by many goroutines.
type Cipher = func(block []byte) ([]byte, error)

// ErrNoKey says that none of the identities opens the block.
var ErrNoKey = errors.New("it is encrypted for somebody else")

// To returns a cipher that encrypts for all the recipients. A recipient is an age public
// key ("age1…") or the path of a file that holds one on each line.
func To(recipients ...string) (Cipher, error) {
	var to []age.Recipient
	for _, r := range recipients {
		if strings.HasPrefix(r, "age1") {
			parsed, err := age.ParseRecipients(strings.NewReader(r))
			if err != nil {
				return nil, fmt.Errorf("read recipient %q: %w; \"age-keygen\" prints public keys", r, err)
			}
			to = append(to, parsed...)
			continue
		}
		f, err := os.Open(r)
		if err != nil {
			return nil, fmt.Errorf("read recipients: %w; name an age public key (age1…) or a file of them", err)
		}
		parsed, err := age.ParseRecipients(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("read recipients of %s: %w", r, err)
		}
		to = append(to, parsed...)
	}
	if len(to) == 0 {
		return nil, errors.New("no recipient is given; name an age public key (age1…)")
	}
	return func(block []byte) ([]byte, error) {
		var sealed bytes.Buffer
		sealed.Grow(len(block) + 512)
		w, err := age.Encrypt(&sealed, to...)
		if err != nil {
			return nil, fmt.Errorf("encrypt block: %w", err)
		}
		if _, err := w.Write(block); err != nil {
			return nil, fmt.Errorf("encrypt block: %w", err)
		}
		if err := w.Close(); err != nil {
			return nil, fmt.Errorf("encrypt block: %w", err)
		}
		return sealed.Bytes(), nil
	}, nil
}

// With returns a cipher that decrypts with the identities in a file, as age-keygen writes
// it. It returns ErrNoKey for a block that is encrypted for others.
func With(path string) (Cipher, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the identity: %w; name the file that age-keygen wrote", err)
	}
	defer f.Close()
	identities, err := age.ParseIdentities(io.LimitReader(f, 1<<20))
	if err != nil {
		// The error of age is left out: its text can hold a part of the key.
		return nil, fmt.Errorf("read the identity %s: it holds no line AGE-SECRET-KEY-1…; name the file that age-keygen wrote", path)
	}
	return func(sealed []byte) ([]byte, error) {
		r, err := age.Decrypt(bytes.NewReader(sealed), identities...)
		var none *age.NoIdentityMatchError
		if errors.As(err, &none) {
			return nil, fmt.Errorf("decrypt block: %w", ErrNoKey)
		}
		if err != nil {
			return nil, fmt.Errorf("decrypt block: %w", err)
		}
		// A block is never longer than its encrypted form.
		block := make([]byte, 0, len(sealed))
		buf := bytes.NewBuffer(block)
		if _, err := io.Copy(buf, r); err != nil {
			return nil, fmt.Errorf("decrypt block: %w", err)
		}
		return buf.Bytes(), nil
	}, nil
}
