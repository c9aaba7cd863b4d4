package program

import (
	"encoding/binary"
	"fmt"
	"syscall"
)

// A diag asks the kernel for sockets (sock_diag(7)).
type diag struct{ fd int }

const (
	netlinkSockDiag  = 4
	sockDiagByFamily = 20
	diagHead         = 16 // struct nlmsghdr
	diagRequest      = 56 // struct inet_diag_req_v2
	diagAnswer       = 72 // struct inet_diag_msg
	diagInode        = 68 // in the answer
)

func openDiag() (*diag, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, netlinkSockDiag)
	if err != nil {
		return nil, fmt.Errorf("ask the kernel for sockets: %w", err)
	}
	wait := syscall.Timeval{Usec: 100_000}
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &wait); err != nil {
		syscall.Close(fd)
		return nil, fmt.Errorf("ask the kernel for sockets: %w", err)
	}
	return &diag{fd}, nil
}

// inode returns the inode of the socket that is the client's end of a connection, or 0.
//
//	nlmsghdr          u32 length, u16 type, u16 flags, u32 sequence, u32 port
//	inet_diag_req_v2  u8 family, u8 protocol, u8 ext, u8 pad, u32 states, inet_diag_sockid
//	inet_diag_sockid  be16 sport, be16 dport, src[16], dst[16], u32 interface, u32 cookie[2]
//	inet_diag_msg     u8 family, state, timer, retrans, inet_diag_sockid, u32 expires, rqueue, wqueue, uid, inode
func (d *diag) inode(q *query) uint64 {
	var b [diagHead + diagRequest]byte
	native := binary.NativeEndian
	native.PutUint32(b[0:], uint32(len(b)))
	native.PutUint16(b[4:], sockDiagByFamily)
	native.PutUint16(b[6:], syscall.NLM_F_REQUEST)
	r := b[diagHead:]
	r[0], r[1] = syscall.AF_INET6, syscall.IPPROTO_TCP
	if q.client.Addr().Is4() {
		r[0] = syscall.AF_INET
	}
	native.PutUint32(r[4:], 1<<32-1)
	binary.BigEndian.PutUint16(r[8:], q.client.Port())
	binary.BigEndian.PutUint16(r[10:], q.server.Port())
	copy(r[12:28], q.client.Addr().AsSlice())
	copy(r[28:44], q.server.Addr().AsSlice())
	native.PutUint64(r[48:], 1<<64-1) // any cookie
	if syscall.Sendto(d.fd, b[:], 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}) != nil {
		return 0
	}
	var answer [512]byte
	n, _, err := syscall.Recvfrom(d.fd, answer[:], 0)
	if err != nil || n < diagHead+diagAnswer || native.Uint16(answer[4:]) != sockDiagByFamily {
		return 0
	}
	return uint64(native.Uint32(answer[diagHead+diagInode:]))
}

func (d *diag) close() { syscall.Close(d.fd) }
