// Package http1 is the grammar of HTTP/1.x: heads, the framing of bodies, chunks.
//
// The central type is [Head]. It is parsed in place: it holds offsets into the
// caller's buffer and no bytes, so that a head costs no allocation once its list of
// fields has grown:
//
//	var h http1.Head
//	n, err := h.ParseResponse(buf, 0, http1.Rules{Refuse: http1.Strict})
//	if err == http1.ErrMore {
//		return // read more into buf, and call again
//	}
//	body := h.ResponseBody("GET") // what follows buf[:n], and how long it is
//
// # What is accepted
//
// An observer of traffic has to understand what others have understood. So parsing
// takes what clients and servers are known to send: lines that end in LF alone, folded
// lines, blanks before a colon, spaces in a target, a missing target. Each such liberty
// is noted as a bit of [Head.Odd]. A strict caller names in [Rules.Refuse] the bits
// that it does not take: [Strict] is all of them.
//
// # A message
//
// A message is read in this order. The caller owns the loop and the buffers; a Head
// and [Chunks] decide where each part ends.
//
//	          ErrMore                          Next
//	           +---+                          +---+
//	           v   |                          v   |
//	--> head --+---+--> NoBody ---------------|---|--------> next head
//	     |              Sized  n bytes -------|---|-------->    "
//	     |              Chunked ----> size -> data -> size -> 0
//	     |                                                    |
//	     |                                                 trailer
//	     |                                                    |
//	     |                                                   Done --> next head
//	     |              ToClose -------------------------------> end of the connection
//	     |              Tunnel --------------------------------> another protocol
//	     |              Unknown                                  nothing can be known
//	     +--> Malformed or Odd: an error, with the number of bytes that show it
//
// The result does not depend on how the bytes were cut into pieces.
//
// AppendRequestLine, AppendStatusLine, AppendField, AppendEnd, AppendChunk and
// AppendLastChunk write: they append to a buffer.
//
// # What it does not do
//
// It reads from no connection, keeps no body, and undoes no content coding. It does not
// parse HTTP/0.9, requests without a version, or HTTP/2.
//
// It is one package because heads, framing and chunks are one grammar. Half of its names
// are constants: the reasons, the liberties and the kinds of bodies.
//
// Sources: RFC 9110, RFC 9112.
package http1
