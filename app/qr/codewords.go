package qr

import (
	"fmt"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/common/reedsolomon"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// reading is what the modules of one code say.
type reading struct {
	message
	version int
}

// readModules corrects the errors of a sampled code and takes its bit stream
// apart. gozxing gives the codewords; its own text decoder is passed by,
// because it guesses character sets, refuses some ECI and mixes up kanji mode
// with bytes beside it. A mirrored code (seen from behind a film or glass) is
// read as well.
func readModules(modules *gozxing.BitMatrix) (reading, error) {
	parser, err := decoder.NewBitMatrixParser(modules)
	if err != nil {
		return reading{}, fmt.Errorf("take modules: %w", err)
	}
	r, first := readParser(parser)
	if first == nil {
		return r, nil
	}
	parser.Remask()
	parser.SetMirror(true)
	if _, err := parser.ReadVersion(); err != nil {
		return reading{}, first
	}
	if _, err := parser.ReadFormatInformation(); err != nil {
		return reading{}, first
	}
	parser.Mirror()
	if r, err = readParser(parser); err != nil {
		return reading{}, first
	}
	return r, nil
}

func readParser(parser *decoder.BitMatrixParser) (reading, error) {
	version, err := parser.ReadVersion()
	if err != nil {
		return reading{}, fmt.Errorf("read version: %w", err)
	}
	format, err := parser.ReadFormatInformation()
	if err != nil {
		return reading{}, fmt.Errorf("read format information: %w", err)
	}
	raw, err := parser.ReadCodewords()
	if err != nil {
		return reading{}, fmt.Errorf("read codewords: %w", err)
	}
	blocks, err := decoder.DataBlock_GetDataBlocks(raw, version, format.GetErrorCorrectionLevel())
	if err != nil {
		return reading{}, fmt.Errorf("split blocks: %w", err)
	}
	var data []byte
	for _, block := range blocks {
		corrected, err := correct(block)
		if err != nil {
			return reading{}, err
		}
		data = append(data, corrected...)
	}
	m, err := parseBits(data, version.GetVersionNumber())
	if err != nil {
		return reading{}, fmt.Errorf("parse bit stream: %w", err)
	}
	return reading{message: m, version: version.GetVersionNumber()}, nil
}

// correct gives the data codewords of a block after Reed-Solomon correction.
func correct(block *decoder.DataBlock) ([]byte, error) {
	words := make([]int, len(block.GetCodewords()))
	for i, w := range block.GetCodewords() {
		words[i] = int(w)
	}
	data := block.GetNumDataCodewords()
	rs := reedsolomon.NewReedSolomonDecoder(reedsolomon.GenericGF_QR_CODE_FIELD_256)
	if err := rs.Decode(words, len(words)-data); err != nil {
		return nil, fmt.Errorf("correct errors: %w", err)
	}
	out := make([]byte, data)
	for i := range out {
		out[i] = byte(words[i])
	}
	return out, nil
}
