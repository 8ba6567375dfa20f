"""What a night costs at a hundred thousand products, beside the code of before."""
