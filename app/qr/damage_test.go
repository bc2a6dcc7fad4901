package qr

import (
	"encoding/binary"
	"hash/crc32"
)

// fixCRC makes the header chunk of a changed PNG valid again.
func fixCRC(png []byte) {
	binary.BigEndian.PutUint32(png[29:], crc32.ChecksumIEEE(png[12:29]))
}

// setTag changes a short value in the first directory of a little-endian TIFF.
func setTag(tiff []byte, tag, value uint16) {
	le := binary.LittleEndian
	dir := int(le.Uint32(tiff[4:]))
	for i := range int(le.Uint16(tiff[dir:])) {
		if e := dir + 2 + 12*i; le.Uint16(tiff[e:]) == tag {
			le.PutUint16(tiff[e+8:], value)
		}
	}
}
