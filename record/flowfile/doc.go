// Package flowfile reads and writes the file of a recording (NAME.flow.zst).
//
// A flow file holds the records of package flow in independently compressed and
// checksummed blocks, which may be encrypted. FORMAT.md describes every byte.
//
//	w, err := flowfile.Create(path, flowfile.WriterOptions{})
//	err = w.Write(f)
//	err = w.Close()
//
//	for f, err := range flowfile.Flows(path) {
//		fmt.Println(f.Number, f.Request.Method, f.URL(), err)
//	}
//
// A recording is readable at every instant: while it is written, after its
// writer was killed (up to the last sealed block), and around damage. Damage is
// reported as a [*CorruptError], and reading goes on at the next block.
//
// It is one package because reading, writing, verifying and merging rest on the same
// frames, block heads and limits.
//
// A [Shelf] gives flows by number, and [Sessions] give those of one user after
// another, in memory that does not depend on the length of the recording.
//
// The package does not queue, rotate, redact or sample: package record does.
package flowfile
