// Package demo invents the people and bookings with which the product is shown
// and measured (架空データ).
//
// It promises that nobody in it exists: names, kana and lots are put together
// by chance, telephone numbers are placeholders, and only the names of places
// and their postal codes are real. The same seed and day give the same people.
// A store that holds anything else than demo data is never touched, and demo
// data is written through the operations that the counter itself uses.
package demo
