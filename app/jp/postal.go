package jp

import "regexp"

// PostalCode is a Japanese postal code (郵便番号): seven digits without the
// hyphen, or "" for none.
type PostalCode string

var writtenPostalCode = regexp.MustCompile(`^〒? ?(\d{3}) ?-? ?(\d{4})$`)

// ParsePostalCode reads "039-0802", "0390802" and "〒０３９－０８０２";
// anything that is not seven digits is ErrPostalCode. Whether Japan Post has
// given the code to a place is not checked.
func ParsePostalCode(s string) (PostalCode, error) {
	m := writtenPostalCode.FindStringSubmatch(Narrow(s))
	if m == nil {
		return "", ErrPostalCode
	}
	return PostalCode(m[1] + m[2]), nil
}

// String returns "039-0802", or "" for none.
func (p PostalCode) String() string {
	if len(p) != 7 {
		return string(p)
	}
	return string(p[:3] + "-" + p[3:])
}
