"""Robust Video Matting (Lin, Yang, Saleemi, Sengupta, WACV 2022), written from the paper and its checkpoints."""
