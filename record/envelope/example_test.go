package envelope_test

import (
	"fmt"
	"os"
	"path/filepath"

	"filippo.io/age"

	"github.com/starling-load/starling/record/envelope"
)

// A block is sealed for the owner of a key and opened with the file of that key.
func Example() {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	keyFile := filepath.Join(dir, "key.txt")
	if err := os.WriteFile(keyFile, []byte(key.String()+"\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	seal, err := envelope.To(key.Recipient().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := seal([]byte("a block of flows"))
	if err != nil {
		fmt.Println(err)
		return
	}
	open, err := envelope.With(keyFile)
	if err != nil {
		fmt.Println(err)
		return
	}
	block, err := open(sealed)
	fmt.Printf("%s %v\n", block, err)
	// Output: a block of flows <nil>
}
