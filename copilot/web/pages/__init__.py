"""What all pages share: who visits, in which language, the words, the frame around them."""
