// Package gor reads and writes the files of GoReplay 1.3 and 2.0 (.gor).
//
// A flow that is exported and imported again loses its scheme, HTTP versions 2 and 3,
// interim responses, stream messages, hashes and failure names. Messages are written as
// HTTP/1.1; a request without Content-Length gets one.
package gor
