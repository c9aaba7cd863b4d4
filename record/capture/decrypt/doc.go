// Package decrypt reads TLS connections from outside: it takes the bytes of both
// directions as they passed and the secrets of a key log, and gives what the two
// ends said to each other.
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
// TLS 1.2 with every AEAD suite of AES-GCM, AES-CCM and ChaCha20-Poly1305,
// whatever the key exchange, with resumption and renegotiation; TLS 1.3 with its
// five suites, early data, retried hellos, resumption and key updates. Suites
// with CBC or stream ciphers are not read: [Conn.Data] returns a [SuiteError]
// that names them.
//
// # Keys that come late, bytes that do not come
//
// A key log is often written a moment after the packets that it opens. A Conn
// holds a bounded amount of ciphertext for a bounded time, and passes it on with
// the times of its packets once the keys are there.
//
// Where the capture has a hole, TLS loses the borders of its records and their
// numbers. A Conn finds both again by trying: it looks for what could be the head
// of a record and opens it with the numbers that can follow. What lies between is
// given as a gap.
//
// # What it does not do
//
// It verifies no certificate and no Finished message, breaks no key, reads no
// QUIC or DTLS, and no file: whoever watches a key log hands the text over.
//
// The sources are RFC 5246, 5288, 6655, 7905 (TLS 1.2 and its suites), RFC 8446
// (TLS 1.3), RFC 3610 (CCM), and the NSS key log format (RFC 9850).
//
// It is one package because a record, a handshake and the search behind a hole
// read and set the same state of one direction: keys, sequence numbers and what
// waits for them.
package decrypt
