// Package envelope encrypts the blocks of a recording for its readers, with age
// (https://age-encryption.org/v1).
//
//	seal, err := envelope.To(key.Recipient().String())
//	sealed, err := seal([]byte("a block of flows"))
//	open, err := envelope.With(keyFile)
//	block, err := open(sealed)
//
// Whoever records needs the public key alone and cannot read what was recorded.
// Each block is an age file of its own, so that a killed writer loses no more
// than its last block and a reader can go to any place: some 200 bytes and
// 0.1 ms a block.
package envelope
