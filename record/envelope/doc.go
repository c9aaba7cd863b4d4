// Package envelope encrypts the blocks of a recording for its readers, with age
// (https://age-encryption.org/v1).
//
//	seal, err := envelope.To(key.Recipient().String())
//	sealed, err := seal([]byte("a block of flows"))
//	open, err := envelope.With(keyFile)
//	block, err := open(sealed)
//
// Recording needs only the public key, which cannot decrypt what was recorded. Each block
// is an age file of its own. So a killed writer loses its last block at most, and a
// reader can go to any place. This costs some 200 bytes and 0.1 ms a block.
package envelope
