"""The numbers printed in the paper's tables, transcribed once.

``table_1``: rows by network, training times in minutes. ``table_2``: rows by camera, megapixels; the paper prints ">1k"
where 1000 stands. ``table_4``: percent, "<3" where the paper prints a star and nothing where it prints nothing.
``table_s1``: F is its "-".
"""
