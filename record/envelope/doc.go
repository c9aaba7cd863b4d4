// Package envelope encrypts the blocks of a recording for its readers, with age
// (https://age-encryption.org/v1).
//
//	seal, err := envelope.To("age1…", "recipients.txt")
//	w, err := flowfile.Create("shop.flow.zst", flowfile.WriterOptions{Encrypt: seal})
//	...
//	open, err := envelope.With("key.txt")
//	r, err := flowfile.OpenWith("shop.flow.zst", flowfile.ReaderOptions{Decrypt: open})
//
// Whoever records needs the public key alone and cannot read what was recorded.
// Each block is an age file of its own, so that a killed writer loses no more
// than its last block and a reader can go to any place: some 200 bytes and
// 0.1 ms a block.
package envelope
