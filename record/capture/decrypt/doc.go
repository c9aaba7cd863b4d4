// Package decrypt reads captured TLS connections. It takes the bytes of both directions
// and the secrets of a key log, and gives what the two ends said to each other.
//
// A [Conn] is one connection, [Keys] are the secrets of all of them.
//
//	var keys decrypt.Keys
//	keys.AddLog(keyLog.Bytes()) // lines of an SSLKEYLOGFILE, now or later
//	c := decrypt.NewConn(&keys, printer{})
//	for _, p := range w.passed {
//		if err := c.Data(p.fromServer, p.bytes, 0); err != nil { // calls printer.Plain with what they hold
//			fmt.Println(err)
//		}
//	}
//
// # What it reads
//
// TLS 1.2 is read with every AEAD suite of AES-GCM, AES-CCM and ChaCha20-Poly1305, with
// any key exchange, with resumption and renegotiation. TLS 1.3 is read with its five
// suites, early data, retried hellos, resumption and key updates. Suites with CBC or
// stream ciphers are not read: [Conn.Data] returns a [SuiteError] that names them.
//
// # Keys that come late, bytes that do not come
//
// A key log is often written a moment after the packets that it opens. A Conn holds a
// bounded amount of ciphertext for a bounded time. Once the keys are there, it passes the
// content on with the times of its packets.
//
// Behind a hole in the capture, the borders of TLS records and their numbers are lost. A
// Conn finds both again by trying: it looks for bytes that could be the head of a record,
// and opens that record with each number that can follow. What lies between is given as a
// gap.
//
// # What it does not do
//
// It does not verify certificates or Finished messages, and breaks no keys. It does not
// read QUIC, DTLS, or files: the caller reads the key log and passes the text.
//
// The sources are RFC 5246, 5288, 6655, 7905 (TLS 1.2 and its suites), RFC 8446
// (TLS 1.3), RFC 3610 (CCM), and the NSS key log format (RFC 9850).
//
// It is one package because a record, a handshake and the search behind a hole read and
// set the same state of one direction: its keys, its sequence numbers and what waits for
// them.
package decrypt
