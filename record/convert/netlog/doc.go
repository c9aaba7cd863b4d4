// Package netlog reads the network logs of Chrome and what is made of it
// (chrome://net-export, or --log-net-log=FILE).
//
// A log made with --net-log-capture-mode=Everything, "Include raw bytes" on the page,
// holds bodies: those of answers, of requests over HTTP/1 and HTTP/2, and the messages
// of WebSockets over HTTP/1. Of other bodies the length is known. A log made without that
// has no bodies, and one without "Include cookies and credentials" lacks these, too.
//
// The log is that of one browser, and becomes one connection, because a connection
// stands for a client. Requests that its cache answered, or that failed before they were
// sent, are left out: they never left the browser.
package netlog
